# SPDX-License-Identifier: Apache-2.0
"""Classes: a bank and an event simulation, properties, inheritance, slots and magic methods."""


class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    def __eq__(self, other):
        return self.x == other.x and self.y == other.y


class Account:
    rate = 1

    def __init__(self, owner, balance):
        self.owner = owner
        self._balance = balance
        self.history = []

    @property
    def balance(self):
        return self._balance

    def deposit(self, amount):
        self._balance += amount
        self.history.append(amount)

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError(self.owner)
        self._balance -= amount
        self.history.append(-amount)

    def month(self):
        return self.balance * self.rate // 100


class Savings(Account):
    rate = 3

    def withdraw(self, amount):
        super().withdraw(amount + 1)


class Premium(Savings):
    rate = 4

    def month(self):
        return super().month() + len(self.history) % 5


class Node:
    def __init__(self, value):
        self.value = value
        self.left = None
        self.right = None

    def insert(self, value):
        node = self
        while True:
            if value < node.value:
                if node.left is None:
                    node.left = Node(value)
                    return
                node = node.left
            else:
                if node.right is None:
                    node.right = Node(value)
                    return
                node = node.right

    def depth(self):
        left = self.left.depth() if self.left else 0
        right = self.right.depth() if self.right else 0
        return 1 + max(left, right)


def bank():
    accounts = [
        (Account, Savings, Premium)[index % 3]("owner%d" % index, 1000 + index)
        for index in range(1000)
    ]
    refused = 0
    for month in range(12):
        for index, account in enumerate(accounts):
            account.deposit(account.month())
            try:
                account.withdraw((index * 37 + month * 101) % 400)
            except ValueError:
                refused += 1
            target = accounts[(index * 7 + month) % len(accounts)]
            if isinstance(target, Savings) and account.balance > 500:
                account.withdraw(20)
                target.deposit(20)
    return refused, sum(account.balance for account in accounts)


def vectors(steps):
    position = Vector(0, 0)
    velocity = Vector(3, 4)
    turns = 0
    for step in range(steps):
        position = position + velocity * (step % 3)
        if position == velocity or step % 50 == 0:
            turns += 1
            velocity = Vector(-velocity.y, velocity.x)
    return turns, position.x, position.y


def tree(count):
    root = Node(500000)
    value = 1
    for _ in range(count):
        value = value * 69069 % 1000003
        root.insert(value)
    return root.depth()


def main():
    return bank(), vectors(100000), tree(16000)


print("objects", main())
