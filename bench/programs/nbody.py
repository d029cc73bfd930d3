# SPDX-License-Identifier: Apache-2.0
"""Floating point: the planets' orbits, integrated step by step, with lists and attributes."""


PI = 3.141592653589793
MASS = 4 * PI * PI
YEAR = 365.24


class Body:
    def __init__(self, place, speed, mass):
        self.x, self.y, self.z = place
        self.vx, self.vy, self.vz = (part * YEAR for part in speed)
        self.mass = mass * MASS


def system():
    return [
        Body((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 1.0),
        Body(
            (4.84143144246472090, -1.16032004402742839, -0.103622044471123109),
            (0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023),
            0.000954791938424326609,
        ),
        Body(
            (8.34336671824457987, 4.12479856412430479, -0.403523417114321381),
            (-0.00276742510726411021, 0.00499852801234917238, 0.0000230417297573763929),
            0.000285885980666130812,
        ),
        Body(
            (12.8943695621391310, -15.1111514016986312, -0.223307578892655734),
            (0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556),
            0.0000436624404335156298,
        ),
        Body(
            (15.3796971148509165, -25.9193146099879641, 0.179258772950371181),
            (0.00268067772490389322, 0.00162824170038242295, -0.0000951592254519715870),
            0.0000515138902046611451,
        ),
    ]


def advance(bodies, pairs, step, count):
    for _ in range(count):
        for first, second in pairs:
            dx = first.x - second.x
            dy = first.y - second.y
            dz = first.z - second.z
            factor = step * (dx * dx + dy * dy + dz * dz) ** -1.5
            pull = second.mass * factor
            first.vx -= dx * pull
            first.vy -= dy * pull
            first.vz -= dz * pull
            pull = first.mass * factor
            second.vx += dx * pull
            second.vy += dy * pull
            second.vz += dz * pull
        for body in bodies:
            body.x += step * body.vx
            body.y += step * body.vy
            body.z += step * body.vz


def energy(bodies, pairs):
    total = 0.0
    for body in bodies:
        total += 0.5 * body.mass * (body.vx**2 + body.vy**2 + body.vz**2)
    for first, second in pairs:
        dx = first.x - second.x
        dy = first.y - second.y
        dz = first.z - second.z
        total -= first.mass * second.mass / (dx * dx + dy * dy + dz * dz) ** 0.5
    return total


def main():
    bodies = system()
    pairs = [(a, b) for index, a in enumerate(bodies) for b in bodies[index + 1 :]]
    before = energy(bodies, pairs)
    advance(bodies, pairs, 0.01, 18000)
    return before, energy(bodies, pairs)


print("nbody", "%.6f %.6f" % main())
