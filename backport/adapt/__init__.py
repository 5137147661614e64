"""Adapted patches: what does not land, proposed in another form, with how sure each piece is."""
