"""A configuration's products: declared by the plan, made where they are missing."""
