import sqlite3

from models.user import User
from repositories.database import get_connection

COLUMNS = "id, username, email, password_hash, bio, image"


def _to_user(row: sqlite3.Row | None) -> User | None:
    return User(**dict(row)) if row else None


def _find(column: str, value: object) -> User | None:
    with get_connection() as connection:
        row = connection.execute(
            f"SELECT {COLUMNS} FROM users WHERE {column} = ?", (value,)
        ).fetchone()
    return _to_user(row)


def find_by_id(user_id: int) -> User | None:
    return _find("id", user_id)


def find_by_email(email: str) -> User | None:
    return _find("email", email)


def find_by_username(username: str) -> User | None:
    return _find("username", username)


def create(username: str, email: str, password_hash: str) -> User:
    with get_connection() as connection:
        cursor = connection.execute(
            "INSERT INTO users (username, email, password_hash) VALUES (?, ?, ?)",
            (username, email, password_hash),
        )
    return find_by_id(cursor.lastrowid)


def save(user: User) -> None:
    with get_connection() as connection:
        connection.execute(
            "UPDATE users SET username = ?, email = ?, password_hash = ?, bio = ?, image = ? "
            "WHERE id = ?",
            (user.username, user.email, user.password_hash, user.bio, user.image, user.id),
        )


def follow(follower_id: int, followed_id: int) -> None:
    with get_connection() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO follows (follower_id, followed_id) VALUES (?, ?)",
            (follower_id, followed_id),
        )


def unfollow(follower_id: int, followed_id: int) -> None:
    with get_connection() as connection:
        connection.execute(
            "DELETE FROM follows WHERE follower_id = ? AND followed_id = ?",
            (follower_id, followed_id),
        )


def is_following(follower_id: int, followed_id: int) -> bool:
    with get_connection() as connection:
        row = connection.execute(
            "SELECT 1 FROM follows WHERE follower_id = ? AND followed_id = ?",
            (follower_id, followed_id),
        ).fetchone()
    return row is not None
