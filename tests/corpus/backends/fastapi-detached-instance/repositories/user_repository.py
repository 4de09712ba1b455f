from sqlalchemy import select

from models import User, follows
from repositories.database import SessionLocal


class UserRepository:
    def get(self, user_id: int) -> User | None:
        with SessionLocal() as session:
            return session.get(User, user_id)

    def get_by_email(self, email: str) -> User | None:
        with SessionLocal() as session:
            return session.scalar(select(User).where(User.email == email))

    def get_by_username(self, username: str) -> User | None:
        with SessionLocal() as session:
            return session.scalar(select(User).where(User.username == username))

    def add(self, user: User) -> User:
        with SessionLocal() as session:
            session.add(user)
            session.commit()
            return user

    def save(self, user: User) -> User:
        with SessionLocal() as session:
            session.commit()
            return user

    def is_following(self, follower: User, followed: User) -> bool:
        with SessionLocal() as session:
            query = select(follows.c.followed_id).where(
                follows.c.follower_id == follower.id, follows.c.followed_id == followed.id
            )
            return session.scalar(query) is not None

    def follow(self, follower: User, followed: User) -> None:
        with SessionLocal() as session:
            if not self.is_following(follower, followed):
                follower.following.append(followed)
                session.commit()

    def unfollow(self, follower: User, followed: User) -> None:
        with SessionLocal() as session:
            if self.is_following(follower, followed):
                follower.following.remove(followed)
                session.commit()
