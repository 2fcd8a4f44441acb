"""Names and places of simulated borrowers. Telephone numbers use 555-01xx and e-mail example.com, which are reserved."""

FIRST_NAMES = """
Aaliyah Aaron Abigail Adrian Aisha Alan Alejandra Alex Alicia Amara Amelia Amir Ana Andre Andrea Angela Anita Anthony Antonio
Aria Arjun Ashley Austin Beatriz Benjamin Bianca Brandon Brenda Brian Caleb Camila Carla Carlos Carmen Caroline Cecilia Charles
Chloe Christine Claire Clara Cody Connor Crystal Curtis Cynthia Daniel Daria David Deborah Denise Derek Diana Diego Dmitri
Dominic Donna Dylan Eduardo Elena Eli Elijah Elise Emily Emma Enrique Eric Esther Ethan Eva Fatima Felix Fernando Fiona Frances
Gabriel Gabriela Gavin George Gina Grace Gregory Hannah Harold Hassan Heather Hector Helen Henry Ian Imani Irene Isaac Isabel
Ivan Jack Jacob Jada James Janet Jasmine Javier Jeremy Jessica Joan Joaquin Jordan Jose Joseph Joyce Juan Julia Julian Kamal
Karen Karim Kayla Keisha Kelly Kenneth Kevin Kiara Kimberly Kofi Kyle Latoya Laura Lauren Leah Leila Leo Leon Liam Linda Lucas
Lucia Luis Lydia Malik Marcus Margaret Maria Mariana Mark Martin Mateo Maya Megan Mei Michael Miguel Mina Molly Monica Nadia
Naomi Natalie Nathan Nia Nicole Nina Noah Nora Oliver Olivia Omar Oscar Owen Pablo Patricia Paul Pedro Peter Priya Quentin
Rachel Rafael Raj Ramon Rebecca Renee Ricardo Robert Rosa Ruth Ryan Salma Samuel Sandra Sara Sean Sergio Sharon Sofia Stella
Stephen Susan Tamika Tanya Teresa Thomas Tiffany Trevor Tyrone Valeria Vanessa Veronica Victor Vincent Walter Wendy Xavier
Yasmin Yolanda Yusuf Zachary Zoe
""".split()  # noqa: SIM905  a block of words reads better than two hundred quotes

LAST_NAMES = """
Abbott Acosta Adams Aguilar Ahmed Alvarez Anderson Andrews Armstrong Arroyo Bailey Baker Banks Barnes Barrett Becker Bell Bennett
Bishop Blair Bowman Boyd Bradley Brennan Brooks Bryant Burke Byrd Cabrera Calderon Campbell Carlson Carpenter Carter Castillo
Chambers Chan Chavez Chen Choi Clark Cole Coleman Collins Contreras Cooper Cortez Cox Crawford Cruz Cunningham Dalton Daniels
Davidson Dawson Delgado Diaz Dixon Doyle Duncan Dunn Edwards Ellis Espinoza Estrada Evans Farmer Ferguson Fields Fisher Fleming
Flores Foster Fowler Freeman Fuentes Garcia Garner Gibson Gill Glover Gomez Gonzales Goodwin Graham Grant Greene Griffin Guerra
Gupta Hall Hansen Harper Hayes Henderson Hernandez Herrera Hicks Hoffman Holland Holt Houston Hudson Hughes Hunter Ibarra Ingram
Iyer Jackson Jacobs Jensen Jimenez Johnston Juarez Kaplan Keller Kelly Khan Kim Klein Knight Kumar Lambert Lane Larson Lawson Lee
Leon Lin Lindsey Little Logan Lopez Lowe Lucero Maldonado Marsh Martinez Mason Mcbride Mccoy Medina Mejia Mendez Mercer Meyer
Miles Molina Montgomery Moody Morales Moreno Moss Munoz Murray Nash Navarro Nelson Newton Nguyen Norris Obrien Ochoa Okafor
Oliver Ortega Osborne Owens Pacheco Padilla Palmer Park Parker Patel Payne Pena Perez Perry Phan Pierce Porter Powell Quinn
Ramirez Ramsey Reyes Rhodes Rios Rivera Robbins Rojas Romero Rosales Rowe Ruiz Salazar Sanchez Sandoval Schneider Serrano Shah
Shelton Silva Simmons Singh Soto Sparks Stone Suarez Sutton Tate Torres Tran Trujillo Underwood Valdez Vargas Vasquez Vega
Villarreal Wade Walsh Walters Warren Watkins Weaver Webb Weiss Whitaker Wilkins Woodard Wright Yates York Young Zamora Zimmerman
""".split()  # noqa: SIM905  a block of words reads better than two hundred quotes

# jurisdiction, IANA zone, area codes, share of borrowers
PLACES = (
    ("US-NY", "America/New_York", ("212", "315", "518", "716"), 0.13),
    ("US-FL", "America/New_York", ("305", "407", "813"), 0.11),
    ("US-GA", "America/New_York", ("404", "706"), 0.07),
    ("US-OH", "America/New_York", ("216", "614"), 0.07),
    ("US-PA", "America/New_York", ("215", "412"), 0.07),
    ("US-NC", "America/New_York", ("704", "919"), 0.05),
    ("US-MI", "America/Detroit", ("248", "313"), 0.05),
    ("US-IL", "America/Chicago", ("217", "312", "773"), 0.08),
    ("US-TX", "America/Chicago", ("210", "214", "713"), 0.13),
    ("US-MN", "America/Chicago", ("612", "651"), 0.03),
    ("US-CO", "America/Denver", ("303", "719"), 0.04),
    ("US-AZ", "America/Phoenix", ("480", "602"), 0.04),
    ("US-WA", "America/Los_Angeles", ("206", "509"), 0.03),
    ("US-CA", "America/Los_Angeles", ("213", "415", "619", "916"), 0.10),
)

OCCUPATIONS = (
    "care and health", "construction", "driving and delivery", "education", "food and hospitality", "office and administration",
    "public service", "retail", "self-employed", "trades and repair", "warehouse and logistics",
)  # fmt: skip

PURPOSES = {
    "personal": ("car repair", "debt consolidation", "family", "home repair", "medical", "moving"),
    "short-term": ("bills", "rent", "school costs", "travel", "unexpected expense"),
    "device": ("laptop", "phone", "tablet", "washing machine"),
}

# Of other parties; no such firms are meant to exist.
AGENCIES = ("Simulated Agency One", "Simulated Agency Two")
BUYERS = ("Simulated Debt Buyer",)
