"""The records that the parts exchange: frozen, slotted, without behaviour."""
