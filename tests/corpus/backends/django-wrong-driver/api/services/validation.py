from api.services.errors import ValidationError


def require_text(data: dict, *fields: str) -> list[str]:
    """Return the values of the given fields, all of which must be non-blank strings."""
    problems = [
        f"{field} can't be blank"
        for field in fields
        if not isinstance(data.get(field), str) or not data[field].strip()
    ]
    if problems:
        raise ValidationError(*problems)
    return [data[field] for field in fields]


def optional_text(data: dict, field: str, allow_blank: bool = False) -> str | None:
    """Return a field that may be missing; if it is there, it must be a string."""
    if field not in data:
        return None
    value = data[field]
    if value is None and allow_blank:
        return ""
    if not isinstance(value, str) or not (allow_blank or value.strip()):
        raise ValidationError(f"{field} is invalid")
    return value
