"""Operations: functions that look after the other functions."""
