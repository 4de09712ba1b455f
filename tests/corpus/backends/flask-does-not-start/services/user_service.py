from models.user import Profile, User
from repositories import user_repository
from services.errors import NotFoundError, UnauthorizedError, ValidationError
from services.security import create_token, hash_password, read_token, verify_password
from services.validation import optional_text, require_text


def register(data: dict) -> User:
    username, email, password = require_text(data, "username", "email", "password")
    _check_unique(username, email)
    return user_repository.create(username, email, hash_password(password))


def login(data: dict) -> User:
    email, password = require_text(data, "email", "password")
    user = user_repository.find_by_email(email)
    if user is None or not verify_password(password, user.password_hash):
        raise UnauthorizedError("email or password is invalid")
    return user


def authenticate(token: str) -> User | None:
    user_id = read_token(token)
    return user_repository.find_by_id(user_id) if user_id is not None else None


def issue_token(user: User) -> str:
    return create_token(user.id)


def update(user: User, data: dict) -> User:
    username = optional_text(data, "username")
    email = optional_text(data, "email")
    password = optional_text(data, "password")
    bio = optional_text(data, "bio", allow_blank=True)
    image = optional_text(data, "image", allow_blank=True)

    _check_unique(
        username if username != user.username else None, email if email != user.email else None
    )
    user.username = username or user.username
    user.email = email or user.email
    user.bio = bio if bio is not None else user.bio
    user.image = image if image is not None else user.image
    if password:
        user.password_hash = hash_password(password)
    user_repository.save(user)
    return user


def get_profile(username: str, viewer: User | None) -> Profile:
    return build_profile(_get_by_username(username), viewer)


def follow(viewer: User, username: str) -> Profile:
    target = _get_by_username(username)
    user_repository.follow(viewer.id, target.id)
    return build_profile(target, viewer)


def unfollow(viewer: User, username: str) -> Profile:
    target = _get_by_username(username)
    user_repository.unfollow(viewer.id, target.id)
    return build_profile(target, viewer)


def build_profile(user: User, viewer: User | None) -> Profile:
    following = viewer is not None and user_repository.is_following(viewer.id, user.id)
    return Profile(user.username, user.bio, user.image, following)


def _get_by_username(username: str) -> User:
    user = user_repository.find_by_username(username)
    if user is None:
        raise NotFoundError("profile not found")
    return user


def _check_unique(username: str | None, email: str | None) -> None:
    problems = []
    if username and user_repository.find_by_username(username):
        problems.append("username has already been taken")
    if email and user_repository.find_by_email(email):
        problems.append("email has already been taken")
    if problems:
        raise ValidationError(*problems)
