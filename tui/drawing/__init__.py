"""Values as coloured text and as plots; knows neither widgets nor streams."""
