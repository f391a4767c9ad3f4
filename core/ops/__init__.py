"""Operations: remote workers and their health, alerts on them, and the log of answer quality."""
