"""Knowledge (知识) that is kept and asked for: articles, experts, questions, points."""
