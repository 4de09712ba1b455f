import os
import re
from datetime import datetime, timezone

from flask import Flask, abort, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException
from werkzeug.security import check_password_hash, generate_password_hash

from auth import auth_required, load_user
from database import close_db, execute, get_db, query, query_one
from serializers import article_dict, comment_dict, profile_dict, user_dict

HASH_METHOD = "pbkdf2:sha256:50000"

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "conduit-dev-secret")
app.before_request(load_user)
app.teardown_appcontext(close_db)


def fail(status, *messages):
    abort(make_response(jsonify({"errors": {"body": list(messages)}}), status))


@app.errorhandler(HTTPException)
def handle_http_exception(error):
    if error.response is not None:
        return error.response
    return jsonify({"errors": {"body": [error.description]}}), error.code


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def get_payload(key):
    payload = request.get_json(force=True, silent=True)
    if not isinstance(payload, dict) or not isinstance(payload.get(key), dict):
        fail(422, f"{key} can't be empty")
    return payload[key]


def check_fields(data, *fields):
    errors = [
        f"{field} can't be empty"
        for field in fields
        if not isinstance(data.get(field), str) or not data[field].strip()
    ]
    if errors:
        fail(422, *errors)


def check_unique(user_id, username, email):
    errors = []
    if query_one("SELECT 1 FROM users WHERE username = ? AND id <> ?", username, user_id):
        errors.append("username has already been taken")
    if query_one("SELECT 1 FROM users WHERE email = ? AND id <> ?", email, user_id):
        errors.append("email has already been taken")
    if errors:
        fail(422, *errors)


def get_user(username):
    user = query_one("SELECT * FROM users WHERE username = ?", username)
    return user or fail(404, "user not found")


def get_article(slug):
    article = query_one("SELECT * FROM articles WHERE slug = ?", slug)
    return article or fail(404, "article not found")


def get_own_article(slug):
    article = get_article(slug)
    if article["author_id"] != g.user["id"]:
        fail(403, "only the author may do that")
    return article


def make_slug(title, article_id=0):
    base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "article"
    slug, n = base, 1
    while query_one("SELECT 1 FROM articles WHERE slug = ? AND id <> ?", slug, article_id):
        n += 1
        slug = f"{base}-{n}"
    return slug


@app.get("/api/health-check")
def health_check():
    return jsonify({"status": "ok"})


# ---------------------------------------------------------------- users


@app.post("/api/users")
def register():
    data = get_payload("user")
    check_fields(data, "username", "email", "password")
    check_unique(0, data["username"], data["email"])
    user_id = execute(
        "INSERT INTO users (username, email, password) VALUES (?, ?, ?)",
        data["username"],
        data["email"],
        generate_password_hash(data["password"], method=HASH_METHOD),
    )
    user = query_one("SELECT * FROM users WHERE id = ?", user_id)
    return jsonify({"user": user_dict(user)}), 201


@app.post("/api/users/login")
def login():
    data = get_payload("user")
    check_fields(data, "email", "password")
    user = query_one("SELECT * FROM users WHERE email = ?", data["email"])
    if user is None or not check_password_hash(user["password"], data["password"]):
        fail(401, "email or password is invalid")
    return jsonify({"user": user_dict(user)})


@app.get("/api/user")
@auth_required
def current_user():
    return jsonify({"user": user_dict(g.user)})


@app.put("/api/user")
@auth_required
def update_user():
    data = get_payload("user")
    check_fields(data, *(f for f in ("username", "email", "password") if f in data))
    user = dict(g.user)
    for field in ("username", "email", "bio", "image"):
        if field in data:
            user[field] = data[field] or ""
    if "password" in data:
        user["password"] = generate_password_hash(data["password"], method=HASH_METHOD)
    check_unique(user["id"], user["username"], user["email"])
    execute(
        "UPDATE users SET username = ?, email = ?, password = ?, bio = ?, image = ? WHERE id = ?",
        user["username"],
        user["email"],
        user["password"],
        user["bio"],
        user["image"],
        user["id"],
    )
    return jsonify({"user": user_dict(user)})


# ---------------------------------------------------------------- profiles


@app.get("/api/profiles/<username>")
def get_profile(username):
    return jsonify(profile_dict(get_user(username)))


@app.post("/api/profiles/<username>/follow")
@auth_required
def follow(username):
    user = get_user(username)
    execute("INSERT OR IGNORE INTO follows VALUES (?, ?)", g.user["id"], user["id"])
    return jsonify(profile_dict(user))


@app.delete("/api/profiles/<username>/follow")
@auth_required
def unfollow(username):
    user = get_user(username)
    execute(
        "DELETE FROM follows WHERE follower_id = ? AND followed_id = ?", g.user["id"], user["id"]
    )
    return jsonify(profile_dict(user))


# ---------------------------------------------------------------- articles


def articles_response(where, params):
    limit = request.args.get("limit", default=20, type=int)
    offset = request.args.get("offset", default=0, type=int)
    total = query_one(f"SELECT COUNT(*) FROM articles a WHERE {where}", *params)[0]
    rows = query(
        f"SELECT a.* FROM articles a WHERE {where} ORDER BY a.id DESC LIMIT ? OFFSET ?",
        *params,
        limit,
        offset,
    )
    return jsonify({"articles": [article_dict(row) for row in rows], "articles_count": total})


@app.get("/api/articles")
def list_articles():
    where, params = "1 = 1", []
    if "tag" in request.args:
        where += " AND a.id IN (SELECT article_id FROM tags WHERE name = ?)"
        params.append(request.args["tag"])
    if "author" in request.args:
        where += " AND a.author_id IN (SELECT id FROM users WHERE username = ?)"
        params.append(request.args["author"])
    if "favorited" in request.args:
        where += (
            " AND a.id IN (SELECT f.article_id FROM favorites f"
            " JOIN users u ON u.id = f.user_id WHERE u.username = ?)"
        )
        params.append(request.args["favorited"])
    return articles_response(where, params)


@app.get("/api/articles/feed")
@auth_required
def feed():
    where = "a.author_id IN (SELECT followed_id FROM follows WHERE follower_id = ?)"
    return articles_response(where, [g.user["id"]])


@app.post("/api/articles")
@auth_required
def create_article():
    data = get_payload("article")
    check_fields(data, "title", "description", "body")
    slug, created = make_slug(data["title"]), now()
    article_id = execute(
        "INSERT INTO articles (slug, title, description, body, author_id, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        slug,
        data["title"],
        data["description"],
        data["body"],
        g.user["id"],
        created,
        created,
    )
    for tag in data.get("tagList") or []:
        get_db().execute("INSERT OR IGNORE INTO tags VALUES (?, ?)", (article_id, str(tag)))
    get_db().commit()
    return jsonify(article_dict(get_article(slug))), 201


@app.get("/api/articles/<slug>")
def read_article(slug):
    return jsonify(article_dict(get_article(slug)))


@app.put("/api/articles/<slug>")
@auth_required
def update_article(slug):
    article = dict(get_own_article(slug))
    data = get_payload("article")
    fields = [field for field in ("title", "description", "body") if field in data]
    check_fields(data, *fields)
    for field in fields:
        article[field] = data[field]
    if "title" in fields:
        article["slug"] = make_slug(article["title"], article["id"])
    execute(
        "UPDATE articles SET slug = ?, title = ?, description = ?, body = ?, updated_at = ?"
        " WHERE id = ?",
        article["slug"],
        article["title"],
        article["description"],
        article["body"],
        now(),
        article["id"],
    )
    return jsonify(article_dict(get_article(article["slug"])))


@app.delete("/api/articles/<slug>")
@auth_required
def delete_article(slug):
    execute("DELETE FROM articles WHERE id = ?", get_own_article(slug)["id"])
    return "", 200


@app.post("/api/articles/<slug>/favorite")
@auth_required
def favorite(slug):
    article = get_article(slug)
    execute("INSERT OR IGNORE INTO favorites VALUES (?, ?)", g.user["id"], article["id"])
    return jsonify(article_dict(article))


@app.delete("/api/articles/<slug>/favorite")
@auth_required
def unfavorite(slug):
    article = get_article(slug)
    execute(
        "DELETE FROM favorites WHERE user_id = ? AND article_id = ?", g.user["id"], article["id"]
    )
    return jsonify(article_dict(article))


# ---------------------------------------------------------------- comments


@app.get("/api/articles/<slug>/comments")
def list_comments(slug):
    rows = query(
        "SELECT * FROM comments WHERE article_id = ? ORDER BY id DESC", get_article(slug)["id"]
    )
    return jsonify([comment_dict(row) for row in rows])


@app.post("/api/articles/<slug>/comments")
@auth_required
def create_comment(slug):
    article = get_article(slug)
    data = get_payload("comment")
    check_fields(data, "body")
    created = now()
    comment_id = execute(
        "INSERT INTO comments (body, article_id, author_id, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?)",
        data["body"],
        article["id"],
        g.user["id"],
        created,
        created,
    )
    comment = query_one("SELECT * FROM comments WHERE id = ?", comment_id)
    return jsonify(comment_dict(comment))


@app.delete("/api/articles/<slug>/comments/<int:comment_id>")
@auth_required
def delete_comment(slug, comment_id):
    comment = query_one(
        "SELECT * FROM comments WHERE id = ? AND article_id = ?",
        comment_id,
        get_article(slug)["id"],
    )
    if comment is None:
        fail(404, "comment not found")
    if comment["author_id"] != g.user["id"]:
        fail(403, "only the author may do that")
    execute("DELETE FROM comments WHERE id = ?", comment_id)
    return "", 200


# ---------------------------------------------------------------- tags


@app.get("/api/tags")
def list_tags():
    return jsonify({"tags": [row["name"] for row in query("SELECT DISTINCT name FROM tags")]})


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8080)
