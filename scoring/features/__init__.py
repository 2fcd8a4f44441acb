"""What a model knows of a loan on a day: one definition, computed in SQL, for training and scoring alike."""
