"""Rules and facts in, a decision out: pure functions, asked by services that know the facts."""
