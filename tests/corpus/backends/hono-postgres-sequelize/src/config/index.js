export const host = '0.0.0.0';
export const port = 3000;
export const jwtSecret = process.env.JWT_SECRET ?? 'hono-conduit-secret';
export const jwtLifetime = 7 * 24 * 60 * 60;
