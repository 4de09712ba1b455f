from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models import User, follows


class UserRepository:
    def __init__(self, session: AsyncSession):
        self.session = session

    async def get(self, user_id: int) -> User | None:
        return await self.session.get(User, user_id)

    async def find_by_email(self, email: str) -> User | None:
        return await self.session.scalar(select(User).where(User.email == email))

    async def find_by_username(self, username: str) -> User | None:
        return await self.session.scalar(select(User).where(User.username == username))

    async def add(self, user: User) -> User:
        self.session.add(user)
        await self.session.commit()
        return user

    async def save(self, user: User) -> User:
        await self.session.commit()
        return user

    async def follow(self, follower: User, followed: User) -> None:
        row = {"follower_id": follower.id, "followed_id": followed.id}
        await self.session.execute(insert(follows).values(row).on_conflict_do_nothing())
        await self.session.commit()

    async def unfollow(self, follower: User, followed: User) -> None:
        await self.session.execute(
            delete(follows).where(
                follows.c.follower_id == follower.id, follows.c.followed_id == followed.id
            )
        )
        await self.session.commit()

    async def followed_among(self, follower: User, user_ids: set[int]) -> set[int]:
        """Those of the given users that `follower` follows."""
        query = select(follows.c.followed_id).where(
            follows.c.follower_id == follower.id, follows.c.followed_id.in_(user_ids)
        )
        return set(await self.session.scalars(query))
