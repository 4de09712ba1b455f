class ApiError(Exception):
    def __init__(self, status: int, *messages: str):
        super().__init__(status, *messages)
        self.status = status
        self.messages = list(messages)
