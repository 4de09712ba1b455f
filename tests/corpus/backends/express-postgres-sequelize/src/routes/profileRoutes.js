'use strict';

const { Router } = require('express');

const { asyncHandler } = require('../middleware/asyncHandler');
const { requireAuth, optionalAuth } = require('../middleware/auth');
const profileService = require('../services/profileService');

const router = Router();

router.get(
  '/:username',
  optionalAuth,
  asyncHandler(async (req, res) => {
    res.json({ profile: await profileService.getProfile(req.params.username, req.userId) });
  })
);

router.post(
  '/:username/follow',
  requireAuth,
  asyncHandler(async (req, res) => {
    res.json({ profile: await profileService.followUser(req.params.username, req.userId) });
  })
);

router.delete(
  '/:username/follow',
  requireAuth,
  asyncHandler(async (req, res) => {
    res.json({ profile: await profileService.unfollowUser(req.params.username, req.userId) });
  })
);

module.exports = router;
