"""The offline curriculum: exercises that are computed, not guessed. Pure; knows no web and no store."""
