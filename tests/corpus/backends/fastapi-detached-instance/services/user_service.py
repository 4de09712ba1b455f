from models import User
from repositories.user_repository import UserRepository
from services.auth_service import create_token, decode_token, hash_password, verify_password
from services.exceptions import NotFound, Unauthorized, Unprocessable


class UserService:
    def __init__(self):
        self.users = UserRepository()

    def register(self, username: str, email: str, password: str) -> User:
        self._check_unique(username=username, email=email)
        user = User(username=username, email=email, password_hash=hash_password(password))
        return self.users.add(user)

    def login(self, email: str, password: str) -> User:
        user = self.users.get_by_email(email)
        if user is None or not verify_password(password, user.password_hash):
            raise Unauthorized("email or password is invalid")
        return user

    def from_token(self, token: str) -> User | None:
        user_id = decode_token(token)
        return None if user_id is None else self.users.get(user_id)

    def token_for(self, user: User) -> str:
        return create_token(user.id)

    def update(self, user: User, changes: dict[str, str | None]) -> User:
        changed_username = changes.get("username")
        changed_email = changes.get("email")
        self._check_unique(
            username=changed_username if changed_username != user.username else None,
            email=changed_email if changed_email != user.email else None,
        )
        for field in ("username", "email"):
            if changes.get(field):
                setattr(user, field, changes[field])
        for field in ("bio", "image"):
            if field in changes:
                setattr(user, field, changes[field] or "")
        if changes.get("password"):
            user.password_hash = hash_password(changes["password"])
        return self.users.save(user)

    def get_by_username(self, username: str) -> User:
        user = self.users.get_by_username(username)
        if user is None:
            raise NotFound("profile not found")
        return user

    def follow(self, viewer: User, username: str) -> User:
        target = self.get_by_username(username)
        self.users.follow(viewer, target)
        return target

    def unfollow(self, viewer: User, username: str) -> User:
        target = self.get_by_username(username)
        self.users.unfollow(viewer, target)
        return target

    def is_following(self, viewer: User | None, target: User) -> bool:
        return viewer is not None and self.users.is_following(viewer, target)

    def _check_unique(self, username: str | None, email: str | None) -> None:
        taken = []
        if username and self.users.get_by_username(username):
            taken.append("username has already been taken")
        if email and self.users.get_by_email(email):
            taken.append("email has already been taken")
        if taken:
            raise Unprocessable(*taken)
