"""What happens around a booking: holds, approval, lines, series and sets of moves."""
