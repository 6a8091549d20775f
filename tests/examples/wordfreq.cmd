ambit examples/wordfreq.amb -n 5 examples/wordfreq.amb; printf 'caf\351 noir, NOIR\n' | ambit examples/wordfreq.amb -
