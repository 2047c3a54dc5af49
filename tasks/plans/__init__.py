"""Emergency plans (应急预案): what they say, what they draw on, how they run and are judged."""
