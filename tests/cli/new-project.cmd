# spec: new.provider, new.host, new.name
src=$(pwd); d=$(mktemp -d); cd $d
ambit new provider tally; ambit new host tavern inn/tavern; find . -type f | sort
grep -rn skeleton . ; cd tally
MAKEFLAGS= make -s check CFLAGS=-O0 FLAGS="-std=gnu17 -fPIC -I$src/include" 2>&1; cd ..
ambit new provider tally 2>&1; ambit new host x 2>&1; ambit new host Tally 2>&1; ambit new host int 2>&1; ambit new provider fs 2>&1
mkdir full empty; touch full/f; ambit new host abc full 2>&1; ambit new host abc empty; ambit new host abc full/f 2>&1; ambit new thing abc 2>&1
ambit new provider ../x 2>&1; ls; cd /; rm -r $d
