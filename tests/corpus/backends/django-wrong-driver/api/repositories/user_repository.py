from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api.models import User, follows


class UserRepository:
    def __init__(self, session: Session):
        self.session = session

    def get(self, user_id: int) -> User | None:
        return self.session.get(User, user_id)

    def find_by_email(self, email: str) -> User | None:
        return self.session.scalar(select(User).where(User.email == email))

    def find_by_username(self, username: str) -> User | None:
        return self.session.scalar(select(User).where(User.username == username))

    def add(self, user: User) -> User:
        self.session.add(user)
        self.session.commit()
        return user

    def save(self, user: User) -> User:
        self.session.commit()
        return user

    def follow(self, follower: User, followed: User) -> None:
        row = {"follower_id": follower.id, "followed_id": followed.id}
        self.session.execute(insert(follows).values(row).on_conflict_do_nothing())
        self.session.commit()

    def unfollow(self, follower: User, followed: User) -> None:
        self.session.execute(
            delete(follows).where(
                follows.c.follower_id == follower.id, follows.c.followed_id == followed.id
            )
        )
        self.session.commit()

    def followed_among(self, follower: User, user_ids: set[int]) -> set[int]:
        """Those of the given users that `follower` follows."""
        query = select(follows.c.followed_id).where(
            follows.c.follower_id == follower.id, follows.c.followed_id.in_(user_ids)
        )
        return set(self.session.scalars(query))
