"""Synonyms of metrics, by habit or from a library: they lead to a hint, and are never accepted."""

from __future__ import annotations

MEANINGS: tuple[tuple[str, str], ...] = (
    ("accuracy", "acc categorization_accuracy categorical_accuracy"),
    ("error", "error_rate misclassification classification_error top_1_error"),
    (
        "log_loss",
        "logloss cross_entropy crossentropy binary_crossentropy categorical_crossentropy bce "
        "multiclass_loss mlogloss binary_logloss multi_logloss nll",
    ),
    ("log_loss_balanced", "balanced_log_loss balanced_logloss weighted_log_loss weighted_logloss"),
    ("auc", "rocauc roc_auc auroc roc area_under_the_roc_curve area_under_the_curve mean_columnwise_auc"),
    ("auc_micro", "micro_auc pooled_auc"),
    ("auc_weighted", "weighted_auc"),
    ("average_precision", "ap map pr_auc auprc prauc aucpr mean_average_precision"),
    ("lwlrap", "lrap label_ranking_average_precision label_weighted_label_ranking_average_precision"),
    ("gini", "normalized_gini normalised_gini gini_normalized"),
    ("gini_values", "gini_regression"),
    ("f1", "binary_f1 f_score fscore f_measure fbeta"),
    ("f1_macro", "macro_f1 mean_f1 f1macro"),
    ("f1_micro", "micro_f1 f1micro"),
    ("f1_samples", "samples_f1 f1_example mean_f1_by_row"),
    ("f1_probabilistic", "pf1 probabilistic_f1 pfbeta"),
    ("fbeta@2", "f2 fbeta2"),
    ("fbeta@0.5", "f05 f0.5 fbeta05"),
    ("fbeta_samples@2", "f2_samples mean_f2"),
    ("fbeta_micro@2", "f2_micro micro_f2"),
    ("fbeta_macro@2", "f2_macro macro_f2"),
    ("mcc", "matthews matthews_corrcoef matthews_correlation_coefficient phi"),
    ("qwk", "quadratic_weighted_kappa quadratic_kappa weighted_kappa quadraticweightedkappa"),
    ("cohen_kappa", "kappa cohens_kappa"),
    ("balanced_accuracy", "bacc bal_acc mean_recall macro_recall uar weighted_accuracy"),
    ("brier", "brier_loss"),
    ("map@5", "mapk mean_average_precision_at_k map_at_k map5"),
    ("map@3", "map3"),
    ("map@12", "map12"),
    ("ndcg@5", "ndcg ndcgk ndcg_at_k"),
    ("top@5", "top5 top_5 top_k top_5_accuracy top_k_accuracy"),
    ("rmse", "root_mean_squared_error rms mcrmse l2"),
    ("mse", "mean_squared_error"),
    ("rmsle", "root_mean_squared_logarithmic_error root_mean_squared_log_error mcrmsle"),
    ("mae", "mean_absolute_error mad wmae weighted_mean_absolute_error l1 mcmae"),
    ("log_mae", "log_of_mae"),
    ("medae", "median_absolute_error"),
    ("mape", "mean_absolute_percentage_error"),
    ("smape", "symmetric_mean_absolute_percentage_error symmetric_mape"),
    ("rmspe", "root_mean_square_percentage_error root_mean_squared_percentage_error"),
    ("r2", "r_squared rsquared coefficient_of_determination"),
    ("pearson", "pearsonr pearson_correlation pearson_correlation_coefficient corr correlation"),
    ("spearman", "spearmanr spearman_correlation rank_correlation mean_columnwise_spearman"),
    ("dice", "dice_coefficient dice_coef mean_dice"),
    ("iou", "jaccard jaccard_index mean_iou intersection_over_union"),
    ("mask_precision", "iou_precision map_iou mean_average_precision_iou"),
    ("object_precision", "dsb mean_precision_over_iou"),
    ("word_jaccard", "jaccard_words word_level_jaccard text_jaccard"),
    ("exact_match", "em exact_match_ratio"),
    ("box_map", "coco_map map_coco detection_map mean_average_precision_boxes"),
    ("box_map@0.5", "map50 voc_map map_50"),
    ("box_precision@0.5", "wheat_precision"),
    ("kl_divergence", "kl kld kullback_leibler kullback_leibler_divergence"),
    ("angular_error", "mean_angular_error angular_distance"),
    ("haversine", "haversine_distance great_circle"),
    ("poisson_deviance", "poisson mean_poisson_deviance"),
    ("quantile@0.5", "quantile quantile_loss pinball pinball_loss mean_pinball_loss"),
)

SYNONYMS = {word: name for name, words in MEANINGS for word in words.split()}
ENDINGS = ("_score", "_loss", "_metric", "_scorer")


def meant(name: str) -> str:
    """Returns the metric that a word stands for, "" where it is nobody's habit."""
    word = name.strip().casefold().replace("-", "_").replace(" ", "_").removeprefix("neg_")
    if word in SYNONYMS:
        return SYNONYMS[word]
    for ending in ENDINGS:
        plain = word.removesuffix(ending)
        if plain != word:
            return SYNONYMS.get(plain, plain if any(plain == known for known, _ in MEANINGS) else "")
    return next((known for known, _ in MEANINGS if known == word), "")
