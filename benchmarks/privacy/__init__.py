"""The benchmark of the privacy gate: a labelled corpus, a judge that reads every decoding, and what the gate costs."""
