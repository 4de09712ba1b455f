from dataclasses import dataclass


@dataclass
class User:
    id: int
    username: str
    email: str
    password_hash: str
    bio: str
    image: str


@dataclass
class Profile:
    username: str
    bio: str
    image: str
    following: bool
