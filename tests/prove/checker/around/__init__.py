"""Whether holds, requests, lines, series and sets of moves keep their promises."""
