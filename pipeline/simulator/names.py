"""Common first and last names for people and merchants."""

from typing import Final

FIRST_NAMES: Final = tuple(
    """
    Aaron Alice Amanda Amy Andrea Andrew Angela Anna Anthony Ashley Barbara Benjamin Brandon
    Brian Carlos Carol Catherine Charles Christina Christopher Cynthia Daniel David Deborah
    Denise Dennis Diana Donald Donna Dorothy Edward Elena Elizabeth Emily Eric Eva Frank
    Gary George Gloria Grace Gregory Hannah Heather Helen Henry Isabel Jacob James Jane
    Janet Jason Jeffrey Jennifer Jessica Joan John Jonathan Jose Joseph Joshua Joyce Juan
    Judith Julia Justin Karen Katherine Kathleen Kenneth Kevin Kimberly Larry Laura Lauren
    Linda Lisa Louis Luis Margaret Maria Mark Martha Mary Matthew Megan Melissa Michael
    Michelle Monica Nancy Natalie Nathan Nicholas Nicole Olivia Pamela Patricia Patrick Paul
    Peter Philip Rachel Rebecca Richard Robert Roger Rosa Russell Ruth Ryan Samantha Samuel
    Sandra Sarah Scott Sharon Sophia Stephanie Stephen Steven Susan Teresa Theresa Thomas
    Timothy Tyler Vanessa Veronica Victoria Vincent Virginia Walter Wayne William Zachary
    """.split()
)

LAST_NAMES: Final = tuple(
    """
    Abbott Adams Altenwerth Anderson Armstrong Bahringer Bailey Baker Barrows Bauer Becker
    Bednar Bernhard Block Bogan Boyer Brekke Brown Bruen Carter Casper Christiansen Collins
    Connelly Cooper Corwin Cremin Cruickshank Cummings Daniel Davis Denesik Dickinson Doyle
    Effertz Eichmann Erdman Fadel Fay Feeney Ferry Fisher Flatley Frami Gerhold Gibson
    Gleason Goldner Gorczany Graham Green Greenholt Gutmann Haag Hackett Hahn Halvorson
    Hamill Harber Harris Hauck Heidenreich Heller Hills Hodkiewicz Howell Huels Hyatt Jacobi
    Jakubowski Jast Jerde Johnson Jones Kassulke Kautzer Keeling Kerluke Kiehn Kilback King
    Kirlin Koch Koepp Kozey Kreiger Kuhic Kuhn Kunde Kutch Labadie Langosh Larkin Leannon
    Lehner Lind Littel Lockman Lowe Lubowitz Luettgen Lynch Maggio Mante Marks Marvin
    McDermott McKenzie Miller Moen Mohr Monahan Moore Mosciski Mraz Murray Nader Nienow
    Nolan Olson Ortiz Osinski Pacocha Padberg Parisian Parker Pfeffer Pollich Pouros
    Predovic Price Quigley Rau Reichel Reilly Roberts Rodriguez Rohan Romaguera Rowe Ruecker
    Runolfsson Rutherford Sanford Sauer Schaefer Schmidt Schneider Schroeder Schultz Senger
    Shanahan Shields Simonis Sipes Smith Spencer Stamm Stehr Stokes Stracke Streich Swift
    Terry Torp Towne Treutel Turcotte Turner Upton Vandervort Veum Volkman Waelchi Walker
    Walsh Walter Ward Weber Weimann White Wilkinson Williams Wintheiser Wisozk Wolf Wuckert
    Yost Yundt Zboncak Zemlak Ziemann Zulauf
    """.split()
)
