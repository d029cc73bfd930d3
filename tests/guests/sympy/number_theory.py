from sympy import (isprime, primerange, factorint, nextprime, prevprime, totient, divisors, divisor_sigma, gcd, lcm, prime, primepi,
                   fibonacci, lucas, binomial, factorial, bernoulli, catalan, mobius, Integer, Rational, jacobi_symbol, primitive_root,
                   sqrt, pi, E, GoldenRatio, N, continued_fraction, egyptian_fraction, is_quad_residue, multiplicity, perfect_power, partition)
from sympy.ntheory.modular import crt
from sympy.ntheory import discrete_log, n_order, sqrt_mod

print(isprime(2 ** 61 - 1), isprime(2 ** 67 - 1), list(primerange(50, 80)), nextprime(10 ** 12), prevprime(100), prime(500), primepi(1000))
print(factorint(2 ** 67 - 1), factorint(360), divisors(60), divisor_sigma(28), totient(100), mobius(30), perfect_power(3 ** 7), multiplicity(2, 96))
print(gcd(1071, 462), lcm(21, 6), crt([3, 5, 7], [2, 3, 2]), pow(3, -1, 7))
print(n_order(3, 7), primitive_root(17), discrete_log(41, 15, 7), sqrt_mod(5, 11), is_quad_residue(3, 11), jacobi_symbol(5, 21))
print(fibonacci(100), lucas(20), binomial(40, 20), factorial(25), bernoulli(10), catalan(10), [fibonacci(k) % 10 for k in range(12)])
print(N(pi, 50), N(sqrt(2), 30), E.evalf(25), GoldenRatio.evalf(20), (pi - Rational(355, 113)).evalf(5))
print(continued_fraction(sqrt(7)), continued_fraction(Rational(415, 93)), egyptian_fraction(Rational(7, 15)))
print(int(Integer(10) ** 40 // 7), Rational(22, 7).p, Rational("0.125"), Rational(3, 4) ** 3, Integer(-7) % 3, Integer(255).is_composite)
