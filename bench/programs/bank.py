class Random:
    def __init__(self, state):
        self.state = state

    def next(self, n):
        self.state = (self.state * 1366 + 150889) % 714025
        return self.state * n // 714025


class Event:
    __slots__ = ("time", "order")

    def __init__(self, time, order):
        self.time = time
        self.order = order

    def happen(self, bank):
        pass

    def before(self, o):
        if self.time != o.time:
            return self.time < o.time
        return self.order < o.order


class Arrival(Event):
    __slots__ = ()

    def happen(self, bank):
        bank.arrive(self.time)


class Departure(Event):
    __slots__ = ("teller",)

    def __init__(self, time, order, teller):
        super().__init__(time, order)
        self.teller = teller

    def happen(self, bank):
        bank.leave(self.time, self.teller)


class Heap:
    def __init__(self):
        self.items = []

    @property
    def empty(self):
        return len(self.items) == 0

    def push(self, e):
        h = self.items
        h.append(e)
        i = len(h) - 1
        while i > 0:
            up = (i - 1) // 2
            if not h[i].before(h[up]):
                break
            h[i], h[up] = h[up], h[i]
            i = up

    def pop(self):
        h = self.items
        top = h[0]
        last = h.pop()
        n = len(h)
        if n > 0:
            h[0] = last
            i = 0
            while True:
                least = i
                left = 2 * i + 1
                right = left + 1
                if left < n and h[left].before(h[least]):
                    least = left
                if right < n and h[right].before(h[least]):
                    least = right
                if least == i:
                    break
                h[i], h[least] = h[least], h[i]
                i = least
        return top


class Account:
    __slots__ = ("id", "_cents")

    def __init__(self, id, cents):
        self.id = id
        self._cents = cents

    @property
    def balance(self):
        return self._cents

    def deposit(self, n):
        self._cents += n

    def withdraw(self, n):
        if n > self._cents:
            return False
        self._cents -= n
        return True


class Teller:
    __slots__ = ("id", "busy", "served")

    def __init__(self, id):
        self.id = id
        self.busy = False
        self.served = 0


class Customer:
    __slots__ = ("account", "arrived")

    def __init__(self, account, arrived):
        self.account = account
        self.arrived = arrived


class Bank:
    def __init__(self, rng, tellers, accounts):
        self.rng = rng
        self.events = Heap()
        self.queue = []
        self.head = 0
        self.tellers = [Teller(i) for i in range(tellers)]
        self.accounts = [Account(i, 1000) for i in range(accounts)]
        self.order = 0
        self.waited = 0
        self.refused = 0

    def schedule(self, make, time):
        self.order += 1
        self.events.push(make(time, self.order))

    def arrive(self, now):
        a = self.accounts[self.rng.next(len(self.accounts))]
        self.queue.append(Customer(a, now))
        self.serve(now)

    def serve(self, now):
        for t in self.tellers:
            if self.head >= len(self.queue):
                return
            if t.busy:
                continue
            c = self.queue[self.head]
            self.head += 1
            t.busy = True
            t.served += 1
            self.waited += now - c.arrived
            amount = 1 + self.rng.next(500)
            if self.rng.next(2) == 0:
                c.account.deposit(amount)
            elif not c.account.withdraw(amount):
                self.refused += 1
            self.schedule(lambda time, order, t=t: Departure(time, order, t), now + 1 + self.rng.next(9))

    def leave(self, now, teller):
        teller.busy = False
        self.serve(now)

    def run(self):
        n = 0
        while not self.events.empty:
            self.events.pop().happen(self)
            n += 1
        return n

    def total(self):
        total = 0
        for a in self.accounts:
            total += a.balance
        return total


def main():
    bank = Bank(Random(7), 5, 100)
    time = 0
    for _ in range(60000):
        time += bank.rng.next(3)
        bank.schedule(lambda t, o: Arrival(t, o), time)
    print(bank.run(), bank.waited, bank.refused, bank.total())


main()
