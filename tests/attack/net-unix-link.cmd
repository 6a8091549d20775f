# a link put in the place of a socket after it was granted is not followed to another program's socket
d=$(mktemp -d); cd $d; cat >t.amb <<'END'
use net.unix("other") for listen as other
use net.unix("mine") for connect, listen as mine
use process.run("ln", "mv") as run
let l = other.listen()
let own = mine.listen()
print(mine.connect().peer())
run.run(["mv", "mine", "away"])
run.run(["ln", "-s", "other", "mine"])
try { print(mine.connect()) } catch e: IOError { print("refused") }
END
ambit -y t.amb; ls; cd /; rm -rf $d
