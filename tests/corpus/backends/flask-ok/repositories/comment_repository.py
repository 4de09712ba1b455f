from models.comment import Comment
from repositories.database import get_connection

COLUMNS = "id, article_id, author_id, body, created_at, updated_at"


def find(article_id: int, comment_id: int) -> Comment | None:
    with get_connection() as connection:
        row = connection.execute(
            f"SELECT {COLUMNS} FROM comments WHERE id = ? AND article_id = ?",
            (comment_id, article_id),
        ).fetchone()
    return Comment(**dict(row)) if row else None


def list_for_article(article_id: int) -> list[Comment]:
    with get_connection() as connection:
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM comments WHERE article_id = ? ORDER BY id DESC", (article_id,)
        ).fetchall()
    return [Comment(**dict(row)) for row in rows]


def create(article_id: int, author_id: int, body: str, now: str) -> Comment:
    with get_connection() as connection:
        cursor = connection.execute(
            "INSERT INTO comments (article_id, author_id, body, created_at, updated_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (article_id, author_id, body, now, now),
        )
    return find(article_id, cursor.lastrowid)


def delete(comment_id: int) -> None:
    with get_connection() as connection:
        connection.execute("DELETE FROM comments WHERE id = ?", (comment_id,))
