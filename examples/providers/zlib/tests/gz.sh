# The tool, and what it makes, against the program gzip.
gz="$AMBIT $PROVIDER_DIR/gz.amb"
i=0
while [ $i -lt 3000 ]; do echo "line $i of the log"; i=$((i + 1)); done >app.log
$gz pack app.log app.log.gz >packed.txt && sed 's/became .*/became less/' packed.txt
gzip -t app.log.gz && gzip -dc app.log.gz | cmp - app.log && echo "gzip reads it"
$gz unpack app.log.gz copy.log && cmp copy.log app.log && echo same
gzip -9 -k -c app.log >other.gz
echo "and one more" | gzip >>other.gz
$gz find other.gz -t 'e 2999'
$gz find other.gz --text 'one more'
$gz find other.gz --text nowhere || echo "nothing, status $?"
$gz check other.gz
head -c 3000 other.gz >cut.gz
$gz check cut.gz || echo "status $?"
(head -c 100 other.gz; echo garbage; tail -c +200 other.gz) >bad.gz
$gz check bad.gz | cut -c1-42
$gz check app.log || echo "status $?"
$gz pack app.log app.log.gz || echo "status $?"
$gz fold app.log
: >empty
$gz pack empty empty.gz && gzip -dc empty.gz | wc -c && $gz check empty.gz
