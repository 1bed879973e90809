"""Words about a snapshot from a language model, each sentence checked against the evidence that it cites.

From facts to a sealed text: facts, prompt, service, answer, grounding, narrator. No Redis, no Dagster: the cache is
handed in. Source: the description of the live system, sections 6 (narrative) and 7 (weekly brief).
"""
