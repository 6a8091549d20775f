from math import sqrt


class Vec:
    __slots__ = ("x", "y", "z")

    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z

    def plus(self, o):
        return Vec(self.x + o.x, self.y + o.y, self.z + o.z)

    def minus(self, o):
        return Vec(self.x - o.x, self.y - o.y, self.z - o.z)

    def times(self, k):
        return Vec(self.x * k, self.y * k, self.z * k)

    def dot(self, o):
        return self.x * o.x + self.y * o.y + self.z * o.z

    def unit(self):
        return self.times(1.0 / sqrt(self.dot(self)))


class Sphere:
    __slots__ = ("centre", "radius", "shine")

    def __init__(self, centre, radius, shine):
        self.centre = centre
        self.radius = radius
        self.shine = shine

    def hit(self, start, way):
        v = start.minus(self.centre)
        b = v.dot(way)
        d = b * b - v.dot(v) + self.radius * self.radius
        if d < 0.0:
            return -1.0
        return -b - sqrt(d)


class Scene:
    __slots__ = ("spheres", "light")

    def __init__(self, spheres, light):
        self.spheres = spheres
        self.light = light

    def trace(self, start, way, depth):
        nearest = None
        best = 1e9
        for s in self.spheres:
            t = s.hit(start, way)
            if t > 0.001 and t < best:
                best = t
                nearest = s
        if nearest is None:
            return 0.2
        at = start.plus(way.times(best))
        normal = at.minus(nearest.centre).unit()
        shade = normal.dot(self.light)
        if shade < 0.1:
            shade = 0.1
        if depth == 0:
            return shade
        back = way.minus(normal.times(2.0 * way.dot(normal)))
        return shade * (1.0 - nearest.shine) + nearest.shine * self.trace(at, back, depth - 1)


def main():
    spheres = []
    for i in range(5):
        spheres.append(Sphere(Vec(i * 1.5 - 3.0, (i % 2) * 1.0 - 0.5, 6.0 + i), 1.0 + i * 0.1, 0.1 * i))
    scene = Scene(spheres, Vec(0.5, 0.7, -0.5).unit())
    eye = Vec(0.0, 0.0, -4.0)
    size = 450
    total = 0.0
    for py in range(size):
        for px in range(size):
            way = Vec(px / size - 0.5, py / size - 0.5, 1.0).unit()
            total += scene.trace(eye, way, 3)
    print("%.6f" % total)


main()
