printf "1 + 2\nlet a = 5\na * 2\nfn f(x) {\nreturn x + 1\n}\nf(a)\nnonsense\n\"text\"\n" | ambit 2>/dev/null
