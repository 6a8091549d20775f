function isEven(n) {
  if (n === 0) return true;
  return isOdd(n - 1);
}
function isOdd(n) {
  if (n === 0) return false;
  return isEven(n - 1);
}
function hanoi(n, from, to, via) {
  if (n === 0) return 0;
  return hanoi(n - 1, from, via, to) + 1 + hanoi(n - 1, via, to, from);
}
const area = (w, h = 2, scale = 1) => w * h * scale;
function total(first, ...more) {
  let sum = first;
  for (const m of more) sum += m;
  return sum;
}
function ways(n, coins, k) {
  if (n === 0) return 1;
  if (n < 0 || k < 0) return 0;
  return ways(n, coins, k - 1) + ways(n - coins[k], coins, k);
}
function main() {
  let sum = 0;
  for (let i = 0; i < 5000; i++) if (isEven(i % 400)) sum += 1;
  sum += hanoi(19, 1, 2, 3);
  for (let i = 0; i < 1500000; i++) sum += area(i % 7) + area(2, i % 3) + area(1, 2, 3);
  for (let i = 0; i < 300000; i++) sum += total(i, 1, 2, 3) % 5;
  sum += ways(250, [1, 5, 10, 25, 50], 4);
  console.log(sum);
}
main();
