from sqlalchemy.orm import Session

from models import User
from repositories.user_repository import UserRepository
from services.auth_service import create_token, decode_token, hash_password, verify_password
from services.dto import Profile
from services.errors import NotFoundError, UnauthorizedError, ValidationError
from services.validation import optional_text, require_text


class UserService:
    def __init__(self, session: Session):
        self.users = UserRepository(session)

    def register(self, data: dict) -> User:
        username, email, password = require_text(data, "username", "email", "password")
        self._check_unique(username, email)
        user = User(username=username, email=email, password_hash=hash_password(password))
        return self.users.add(user)

    def login(self, data: dict) -> User:
        email, password = require_text(data, "email", "password")
        user = self.users.find_by_email(email)
        if user is None or not verify_password(password, user.password_hash):
            raise UnauthorizedError("email or password is invalid")
        return user

    def authenticate(self, authorization: str | None) -> User | None:
        """The owner of an `Authorization: Token ...` header, or None."""
        scheme, _, token = (authorization or "").partition(" ")
        user_id = decode_token(token.strip()) if scheme == "Token" else None
        return None if user_id is None else self.users.get(user_id)

    def token_for(self, user: User) -> str:
        return create_token(user.id)

    def update(self, user: User, data: dict) -> User:
        username = optional_text(data, "username") or user.username
        email = optional_text(data, "email") or user.email
        password = optional_text(data, "password")
        self._check_unique(
            username if username != user.username else None,
            email if email != user.email else None,
        )
        user.username = username
        user.email = email
        for field in ("bio", "image"):
            if field in data:
                setattr(user, field, optional_text(data, field, allow_blank=True))
        if password:
            user.password_hash = hash_password(password)
        return self.users.save(user)

    def profile(self, username: str, viewer: User | None) -> Profile:
        return self.profile_of(self._get(username), viewer)

    def follow(self, viewer: User, username: str) -> Profile:
        target = self._get(username)
        self.users.follow(viewer, target)
        return self.profile_of(target, viewer)

    def unfollow(self, viewer: User, username: str) -> Profile:
        target = self._get(username)
        self.users.unfollow(viewer, target)
        return self.profile_of(target, viewer)

    def profile_of(self, user: User, viewer: User | None) -> Profile:
        return self.profiles_of([user], viewer)[user.id]

    def profiles_of(self, users: list[User], viewer: User | None) -> dict[int, Profile]:
        """The profile of each user by id, with one query for all of them."""
        ids = {user.id for user in users}
        followed = self.users.followed_among(viewer, ids) if viewer and ids else set()
        return {user.id: Profile(user, user.id in followed) for user in users}

    def _get(self, username: str) -> User:
        user = self.users.find_by_username(username)
        if user is None:
            raise NotFoundError("profile not found")
        return user

    def _check_unique(self, username: str | None, email: str | None) -> None:
        taken = []
        if username and self.users.find_by_username(username):
            taken.append("username has already been taken")
        if email and self.users.find_by_email(email):
            taken.append("email has already been taken")
        if taken:
            raise ValidationError(*taken)
