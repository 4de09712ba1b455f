'use strict';

const { Router } = require('express');

const { requireAuth, optionalAuth } = require('../middleware/auth');
const profileService = require('../services/profileService');

const router = Router();

router.get('/:username', optionalAuth, (req, res) => {
  res.json({ profile: profileService.getProfile(req.params.username, req.userId) });
});

router.post('/:username/follow', requireAuth, (req, res) => {
  res.json({ profile: profileService.followUser(req.params.username, req.userId) });
});

router.delete('/:username/follow', requireAuth, (req, res) => {
  res.json({ profile: profileService.unfollowUser(req.params.username, req.userId) });
});

module.exports = router;
