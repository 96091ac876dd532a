"""The cut mesh and what each face of it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from gridmap.demo.frame import Frame, Road
from gridmap.demo.mesh import Mesh, Point

__all__ = ["HECTARE", "Town"]

HECTARE = 1e4

# Homes a hectare of ground, and the largest part of a block that is left whole (hectares).
_USES = {
    "core": (118.0, 3.2),
    "housing": (84.0, 4.2),
    "tower": (128.0, 4.8),
    "shops": (30.0, 3.0),
    "school": (0.0, 9.0),
    "hospital": (0.0, 9.0),
    "market": (0.0, 6.0),
    "works": (2.2, 13.0),
    "site": (0.0, 7.0),
    "village": (34.0, 7.0),
    "field": (0.15, 42.0),
    "park": (0.0, 16.0),
    "river": (0.0, 60.0),
}


@dataclass
class Town:
    """The cut mesh and what each face is; lists have one entry a face.

    Attributes
    ----------
    mesh : Mesh
    roads : list of Road
    superblock, tract, block : list of int
        The piece between arterials, between collectors, and between streets.
    use : list of str
        Use of each face; a block has one use.
    inside : list of bool
        Faces of the district; the others only gave its border a shape.
    lift : dict of int to float
        Density of a block compared with the usual one of its use.
    enclaves : set of int
        Faces with a hole, and the faces in the holes.
    crowd : float
        Homes compared with the usual densities, so that the total comes out.
    usual : float
        Homes that a face is meant to hold.
    """

    mesh: Mesh
    roads: list[Road]
    superblock: list[int]
    tract: list[int]
    block: list[int]
    use: list[str]
    inside: list[bool]
    lift: dict[int, float] = field(default_factory=dict)
    enclaves: set[int] = field(default_factory=set)
    crowd: float = 1.0
    usual: float = 78.0

    @classmethod
    def of_frame(cls, frame: Frame) -> Town:
        """Return the town before any street is cut: every superblock is one face."""
        count = len(frame.mesh.ring)
        use = ["river" if face in set(frame.river) else "" for face in range(count)]
        faces = list(range(count))
        return cls(frame.mesh, frame.roads, faces, faces[:], faces[:], use, [True] * count)

    def homes(self, face: int) -> float:
        """Return about how many homes a face holds."""
        density = self.crowd * _USES[self.use[face]][0] * self.lift.get(self.block[face], 1.0)
        return density * self.mesh.area(face) / HECTARE

    def load(self, face: int) -> float:
        """Return how much a face asks to be cut further: above 1 it is too large."""
        hectares = self.mesh.area(face) / HECTARE
        return self.homes(face) / self.usual + hectares / _USES[self.use[face]][1]

    def centre(self, face: int) -> Point:
        """Return the mean of the face's corners."""
        points = self.mesh.points(face)
        x, y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
        return (x, y)

    def inherit(self, face: int) -> None:
        """Give the newest face of the mesh what `face` is."""
        for numbers in (self.superblock, self.tract, self.block):
            numbers.append(numbers[face])
        self.use.append(self.use[face])
        self.inside.append(self.inside[face])

    def faces(self) -> list[int]:
        """Return the faces of the district."""
        return [face for face, inside in enumerate(self.inside) if inside]
