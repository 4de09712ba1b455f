// Notes in PostgreSQL, over a pool. It connects once while it starts: PostgreSQL has to be there.
import express from 'express';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 });
await pool.query('CREATE TABLE notes (id serial PRIMARY KEY, text text NOT NULL)');

const app = express();
app.use(express.json());
app.get('/api/health-check', (_, response) => response.json({ status: 'ok' }));
app.post('/api/notes', async (request, response) => {
  await pool.query('INSERT INTO notes (text) VALUES ($1)', [request.body.text]);
  response.status(201).json({ status: 'ok' });
});
app.get('/api/notes', async (_, response) => {
  const { rows } = await pool.query('SELECT text FROM notes ORDER BY text');
  response.json({ notes: rows.map(({ text }) => text) });
});
app.listen(Number(process.env.PORT), '0.0.0.0');
