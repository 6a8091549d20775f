class Random {
  constructor(state) { this.state = state; }
  next(n) {
    this.state = (this.state * 1366 + 150889) % 714025;
    return Math.floor(this.state * n / 714025);
  }
}
class Event {
  constructor(time, order) {
    this.time = time;
    this.order = order;
  }
  happen(bank) {}
  before(o) {
    if (this.time !== o.time) return this.time < o.time;
    return this.order < o.order;
  }
}
class Arrival extends Event {
  happen(bank) { bank.arrive(this.time); }
}
class Departure extends Event {
  constructor(time, order, teller) {
    super(time, order);
    this.teller = teller;
  }
  happen(bank) { bank.leave(this.time, this.teller); }
}
class Heap {
  constructor() { this.items = []; }
  get empty() { return this.items.length === 0; }
  push(e) {
    const h = this.items;
    h.push(e);
    let i = h.length - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!h[i].before(h[up])) break;
      [h[i], h[up]] = [h[up], h[i]];
      i = up;
    }
  }
  pop() {
    const h = this.items;
    const top = h[0], last = h.pop(), n = h.length;
    if (n > 0) {
      h[0] = last;
      let i = 0;
      for (;;) {
        let least = i;
        const l = 2 * i + 1, r = l + 1;
        if (l < n && h[l].before(h[least])) least = l;
        if (r < n && h[r].before(h[least])) least = r;
        if (least === i) break;
        [h[i], h[least]] = [h[least], h[i]];
        i = least;
      }
    }
    return top;
  }
}
class Account {
  #cents;
  constructor(id, cents) {
    this.id = id;
    this.#cents = cents;
  }
  get balance() { return this.#cents; }
  deposit(n) { this.#cents += n; }
  withdraw(n) {
    if (n > this.#cents) return false;
    this.#cents -= n;
    return true;
  }
}
class Teller {
  constructor(id) {
    this.id = id;
    this.busy = false;
    this.served = 0;
  }
}
class Customer {
  constructor(account, arrived) {
    this.account = account;
    this.arrived = arrived;
  }
}
class Bank {
  constructor(rng, tellers, accounts) {
    this.rng = rng;
    this.events = new Heap();
    this.queue = [];
    this.head = 0;
    this.tellers = [];
    this.accounts = [];
    this.order = 0;
    this.waited = 0;
    this.refused = 0;
    for (let i = 0; i < tellers; i++) this.tellers.push(new Teller(i));
    for (let i = 0; i < accounts; i++) this.accounts.push(new Account(i, 1000));
  }
  schedule(make, time) {
    this.order += 1;
    this.events.push(make(time, this.order));
  }
  arrive(now) {
    const a = this.accounts[this.rng.next(this.accounts.length)];
    this.queue.push(new Customer(a, now));
    this.serve(now);
  }
  serve(now) {
    for (const t of this.tellers) {
      if (this.head >= this.queue.length) return;
      if (t.busy) continue;
      const c = this.queue[this.head];
      this.head += 1;
      t.busy = true;
      t.served += 1;
      this.waited += now - c.arrived;
      const amount = 1 + this.rng.next(500);
      if (this.rng.next(2) === 0) c.account.deposit(amount);
      else if (!c.account.withdraw(amount)) this.refused += 1;
      this.schedule((time, order) => new Departure(time, order, t), now + 1 + this.rng.next(9));
    }
  }
  leave(now, teller) {
    teller.busy = false;
    this.serve(now);
  }
  run() {
    let n = 0;
    while (!this.events.empty) {
      this.events.pop().happen(this);
      n += 1;
    }
    return n;
  }
  total() {
    let sum = 0;
    for (const a of this.accounts) sum += a.balance;
    return sum;
  }
}
const bank = new Bank(new Random(7), 5, 100);
let time = 0;
for (let i = 0; i < 60000; i++) {
  time += bank.rng.next(3);
  bank.schedule((t, o) => new Arrival(t, o), time);
}
console.log(bank.run(), bank.waited, bank.refused, bank.total());
