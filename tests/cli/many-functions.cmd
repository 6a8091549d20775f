awk 'BEGIN { for (i = 0; i < 3900; i++) print "fn f" i "(a) { return a + " i " }"; print "print(f7(1), f3899(1))" }' | ambit -
