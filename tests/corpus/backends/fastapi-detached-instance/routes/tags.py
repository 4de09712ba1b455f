from fastapi import APIRouter

from routes.dependencies import Articles

router = APIRouter(prefix="/tags", tags=["Tags"])


@router.get("")
def list_tags(articles: Articles):
    return {"tags": articles.tags()}
