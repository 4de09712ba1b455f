from sqlalchemy import select
from sqlalchemy.orm import Session

from models import User, follows


class UserRepository:
    def __init__(self, session: Session):
        self.session = session

    def get(self, user_id: int) -> User | None:
        return self.session.get(User, user_id)

    def get_by_email(self, email: str) -> User | None:
        return self.session.scalar(select(User).where(User.email == email))

    def get_by_username(self, username: str) -> User | None:
        return self.session.scalar(select(User).where(User.username == username))

    def add(self, user: User) -> User:
        self.session.add(user)
        self.session.commit()
        return user

    def save(self, user: User) -> User:
        self.session.commit()
        return user

    def is_following(self, follower: User, followed: User) -> bool:
        query = select(follows.c.followed_id).where(
            follows.c.follower_id == follower.id, follows.c.followed_id == followed.id
        )
        return self.session.scalar(query) is not None

    def follow(self, follower: User, followed: User) -> None:
        if not self.is_following(follower, followed):
            follower.following.append(followed)
            self.session.commit()

    def unfollow(self, follower: User, followed: User) -> None:
        if self.is_following(follower, followed):
            follower.following.remove(followed)
            self.session.commit()
