from fastapi import APIRouter

from routes.dependencies import Articles

router = APIRouter(prefix="/tags", tags=["Tags"])


@router.get("")
async def list_tags(articles: Articles):
    return {"tags": await articles.tags()}
