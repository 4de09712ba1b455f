import datetime
from typing import Optional

from sqlalchemy import (Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, create_engine,
                        delete, exists, func, or_, select, update)
from sqlalchemy.orm import (DeclarativeBase, Mapped, declarative_base, joinedload, mapped_column, relationship, scoped_session,
                            selectinload, sessionmaker)

class Base(DeclarativeBase):
    pass

tagged = Table("tagged", Base.metadata, Column("thing_id", ForeignKey("things.id", ondelete="CASCADE"), primary_key=True),
               Column("tag_id", ForeignKey("tags.id"), primary_key=True))

class Owner(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True, index=True, nullable=False)
    bio: Mapped[Optional[str]] = mapped_column(Text, default=None)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    things: Mapped[list["Thing"]] = relationship(back_populates="owner", cascade="all, delete-orphan")

class Thing(Base):
    __tablename__ = "things"
    __table_args__ = (UniqueConstraint("title", "owner_id"), Index("by_made", "made"))
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    made: Mapped[datetime.datetime] = mapped_column(DateTime, default=datetime.datetime.utcnow, server_default=func.now())
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id", ondelete="CASCADE"))
    owner: Mapped[Owner] = relationship(back_populates="things", lazy="joined")
    tags: Mapped[list["Tag"]] = relationship(secondary=tagged, back_populates="things", lazy="selectin")

class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    things: Mapped[list[Thing]] = relationship(secondary=tagged, back_populates="tags")

Older = declarative_base()

class Old(Older):
    __tablename__ = "olds"
    id = Column(Integer, primary_key=True)
    name = Column(String(80), unique=True, nullable=False)
    made = Column(DateTime, default=datetime.datetime.utcnow)

def use(session):
    owner = Owner(name="a")
    session.add(owner)
    session.flush()
    session.add(Thing(title="b", owner=owner, tags=[Tag(name="c")]))
    session.commit()
    found = session.scalars(select(Thing).join(Thing.owner).where(Owner.name == "a", or_(Thing.title.like("b%"), Thing.id.in_([1])))
                            .options(selectinload(Thing.tags), joinedload(Thing.owner)).order_by(Thing.made.desc()).limit(20)
                            .offset(0)).unique().all()
    session.scalar(select(func.count()).select_from(Thing).where(exists().where(Tag.name == "c")))
    session.execute(update(Owner).where(Owner.id == owner.id).values(bio="d"))
    session.execute(delete(Tag).where(Tag.name == "e"))
    session.query(Thing).filter_by(title="b").first()
    session.rollback()
    return [thing.owner.name for thing in found]

def try_out(path, thorough):
    engine = create_engine("sqlite:///" + path, future=True, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    if not thorough:
        return
    Older.metadata.create_all(bind=engine)
    with sessionmaker(engine, expire_on_commit=False)() as session:
        use(session)
    scoped_session(sessionmaker(bind=engine, autoflush=False)).remove()
    Base.metadata.drop_all(engine)
    engine.dispose()

async def try_out_async(path):
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite:///" + path)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)() as session:
        session.add(Owner(name="a"))
        await session.commit()
        (await session.execute(select(Owner).where(Owner.name == "a"))).scalar_one_or_none()
    await engine.dispose()
