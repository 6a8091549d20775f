# Databases that other programs use, too, and what a crash leaves.
run() { $AMBIT -y "$@"; }
cat >make.amb <<'END'
import sqlite
use fs.dir(".") for read, write as here
let db = sqlite.open(here, "x.db")
db.exec("create table t(a, b); insert into t values (1, 'one'), (2, x'00ff')")
db.close()
END
run make.amb
python3 - <<'END'
import sqlite3
d = sqlite3.connect("x.db")
print(d.execute("select * from t").fetchall(), d.execute("pragma integrity_check").fetchall())
d.execute("insert into t values (3, 'from outside')")
d.commit()
END
cat >read.amb <<'END'
import sqlite
use fs.dir(".") for read as here
for (a, b) in sqlite.view(here, "x.db").query("select a, b from t order by a") { print(a, b) }
END
run read.amb
# Another program holds its lock.
python3 - <<'END' &
import sqlite3, time
d = sqlite3.connect("x.db", isolation_level=None)
d.execute("begin immediate")
d.execute("insert into t values (4, 'later')")
open("locked", "w").close()
time.sleep(0.5)
d.execute("commit")
END
while [ ! -e locked ]; do sleep 0.02; done
cat >locked.amb <<'END'
import sqlite
use fs.dir(".") for read, write as here
try { sqlite.open(here, "x.db", wait: 0).begin() } catch e: IOError { print(e.kind, e.message) }
let patient = sqlite.open(here, "x.db", wait: 10)
patient.begin()
print(patient.value("select count(*) from t"))
patient.rollback()
END
run locked.amb
wait
# Killed in the middle of a transaction that has reached the disk: the next one finds what was before.
cat >crash.amb <<'END'
import sqlite
use fs.dir(".") for read, write as here
let db = sqlite.open(here, "x.db")
db.exec("pragma cache_size = 5")
db.begin()
db.exec("insert into t with recursive c(i) as (select 10 union all select i + 1 from c where i < 20000) select i, hex(randomblob(50)) from c")
db.run("delete from t where a < 10")
here.write_text("ready", "")
sleep(100)
END
# Not `run`: it is this process that is killed.
$AMBIT -y crash.amb &
pid=$!
n=0
while [ ! -e ready ] && [ $n -lt 500 ]; do sleep 0.02; n=$((n + 1)); done
kill -9 $pid
wait $pid 2>/dev/null
[ -s x.db-journal ] && echo "a journal was left"
cat >after.amb <<'END'
import sqlite
use fs.dir(".") for read, write as here
let db = sqlite.open(here, "x.db")
print(db.value("select count(*) from t"), db.value("pragma integrity_check"))
db.close()
END
run after.amb
[ -s x.db-journal ] || echo "it is empty now"
# A database in WAL mode.
python3 -c "
import sqlite3
d = sqlite3.connect('wal.db')
d.execute('pragma journal_mode=wal')
d.execute('create table t(a)')
d.commit()"
sed 's/x.db/wal.db/' after.amb >wal.amb
run wal.amb 2>&1 | head -1
# In a file system in memory.
cat >mem.amb <<'END'
import sqlite
use fs.dir("/data") for full as data
let db = sqlite.open(data, "m.db")
db.exec("create table t(i); insert into t values (1)")
db.close()
print(sqlite.open(data, "m.db").value("select i from t"), data.list().map(e => e.name))
END
$AMBIT --provider fs=memory mem.amb
