WORD = "seen"
